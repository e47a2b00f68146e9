"""Moves the databases of the earlier program (SQLite) to Firestore.

Read `migrate.moving` first: it is the whole of a run. What a screen or a script needs is `migrate.moving.prepare`,
which gives the mapping of columns as data, and `migrate.report.Report`.
"""
