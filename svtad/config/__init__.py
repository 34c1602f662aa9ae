"""Composition: settings, urls, celery, wsgi. The top rung; it may import everything.

`celery -A svtad.config` finds the Celery app through `svtad.config.celery`.
"""
