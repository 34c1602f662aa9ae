"""What import contracts cannot see: string foreign keys upward and reverse relations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import models

from tests.house.ladder import own_apps, rungs


def _own_models() -> list[type[models.Model]]:
    return [model for config in own_apps() for model in config.get_models(include_auto_created=True)]


def _crossings() -> Iterator[tuple[type[models.Model], models.Field]]:
    """Yield each key of ours from one app's model to another app's."""
    for model in _own_models():
        for field in model._meta.local_fields + model._meta.local_many_to_many:
            target = field.related_model
            if isinstance(target, type) and target._meta.app_config is not model._meta.app_config:
                yield model, field


def _label(crossing: tuple[type[models.Model], models.Field]) -> str:
    return f"{crossing[0]._meta.label}.{crossing[1].name}"


def _is_history(model: type[models.Model]) -> bool:
    return hasattr(model, "instance_type")  # made by django-simple-history: it judges nothing


CROSSINGS = sorted(_crossings(), key=_label)


def test_there_are_crossings_to_look_at():
    assert len(CROSSINGS) > 20


@pytest.mark.parametrize("crossing", CROSSINGS, ids=_label)
def test_a_key_to_another_app_points_down_and_leaves_no_way_back(crossing):
    model, field = crossing
    here, there = model._meta.app_config.name, field.related_model._meta.app_config.name
    if there in rungs():
        assert rungs().index(here) < rungs().index(there), f"{here} may not point up to {there}"
    assert field.remote_field.related_name == "+", "a reverse relation is a door upward"
    if isinstance(field, models.ForeignKey) and not _is_history(model):
        assert field.remote_field.on_delete is models.PROTECT


@pytest.mark.parametrize("model", _own_models(), ids=lambda model: model._meta.label)
def test_no_key_points_at_just_anything(model):
    assert not [field for field in model._meta.private_fields if isinstance(field, GenericForeignKey)]


def test_no_installed_package_points_into_the_product_but_at_people():
    own = {config.name for config in own_apps()}
    pointed_at = {
        field.related_model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_config.name not in own
        for field in model._meta.local_fields
        if isinstance(field.related_model, type) and field.related_model._meta.app_config.name in own
    }
    assert pointed_at <= {"parties.Person"}
