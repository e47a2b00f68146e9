"""A demo classifieds site: seeded services ads in several cities, with everything a real site does to a harvester."""
