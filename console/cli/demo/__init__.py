"""`leadgen demo`: the main job, whole, on this machine; with a console to watch it, or without a terminal."""

from console.cli.demo.command import demo

__all__ = ["demo"]
