"""The ladder as pyproject.toml has it, and what stands in the repository: for the tests of the house."""

from __future__ import annotations

import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import grimp
from django.apps import AppConfig, apps
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
#: Never part of the product, whatever is in them.
_OUTSIDE = {".git", ".venv", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


@cache
def pyproject() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def contract(identifier: str) -> dict[str, Any]:
    """Return one import contract by its id."""
    contracts: list[dict[str, Any]] = pyproject()["tool"]["importlinter"]["contracts"]
    return next(found for found in contracts if found["id"] == identifier)


def rungs() -> list[str]:
    """Return the packages of the ladder, top first."""
    return list(contract("ladder")["layers"])


def roots() -> list[str]:
    """Return the top-level packages of the product."""
    return list(pyproject()["tool"]["importlinter"]["root_packages"])


def own_apps() -> list[AppConfig]:
    """Return the product's own installed apps."""
    return [config for config in apps.get_app_configs() if config.name in settings.OWN_APPS]


@cache
def graph() -> grimp.ImportGraph:
    """Return every import between the product's modules, type-checking ones left out."""
    return grimp.build_graph(*roots(), exclude_type_checking_imports=True, cache_dir=None)


@cache
def repository_files() -> tuple[Path, ...]:
    """Return the files that are, or would be, committed: git's own answer, or a walk where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
        return tuple(path for name in sorted(names) if (path := ROOT / name).is_file())
    return tuple(
        path
        for path in sorted(ROOT.rglob("*"))
        if path.is_file() and not _OUTSIDE & set(path.relative_to(ROOT).parts) and path.suffix != ".pyc"
    )
