"""Pages of people and organisations, and what every app's pages share (`pages`, `lists`)."""
