"""A stand-in for an OpenAI-compatible chat service: answers from rules, notes every call, fails on demand."""
