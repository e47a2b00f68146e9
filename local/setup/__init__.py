"""`make setup`: everything leadgen needs on a machine, made once and checked quickly afterwards."""
