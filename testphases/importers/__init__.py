"""The files that this app takes in: results (JUnit XML, CSV), planned tests, which test runs on which DMC."""

from testphases.importers.junit import JUnitImporter
from testphases.importers.mapping import MappingImporter
from testphases.importers.plans import PlannedTestsImporter
from testphases.importers.results import ResultsCsvImporter

__all__ = ["JUnitImporter", "MappingImporter", "PlannedTestsImporter", "ResultsCsvImporter", "register"]


def register() -> None:
    """Make the importers known to the engine."""
    from svtad.intake import registry

    for importer in (JUnitImporter, ResultsCsvImporter, PlannedTestsImporter, MappingImporter):
        registry.register(importer)
