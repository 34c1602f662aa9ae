"""The law as plain Python: no Django, no clock, no database, no I/O but the command line's.

Everything here is a pure function of :class:`svtad.rulebook.facts.Facts`. Import what you need from the module
that owns it (``vocabulary``, ``facts``, ``findings``, ``procedures``, ``editions``, ``calendar``, ``deadlines``,
``judge``, ``register``); this file stays empty of names so that importing one part never loads another.
"""
