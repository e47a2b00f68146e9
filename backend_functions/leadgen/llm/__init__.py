"""Enrichment: the Governor, the model client, the prompt and its schema, and the rules used without a model."""
