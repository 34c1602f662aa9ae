"""From frozen contents to PDF bytes.

Nothing is imported here: templates use the charts of this package in every process, and the page engine
behind `documents` is half of a process's start-up, which only a job that makes pages should pay.
"""
