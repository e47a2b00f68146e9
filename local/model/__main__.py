"""`python -m local.model`: serve the stand-in until it is told to stop."""

from __future__ import annotations

from local.model.app import build_app
from local.model.settings import DEFAULT_KEY, DEFAULT_MODEL, Settings
from local.serving import base_arguments, serve


def main() -> None:
    """Read the options and serve."""
    parser = base_arguments("Stand-in for an OpenAI-compatible chat service; answers from rules.")
    parser.add_argument("--key", action="append", default=[], help=f"an accepted API key (default: {DEFAULT_KEY})")
    parser.add_argument("--model", action="append", default=[], help=f"a model to offer (default: {DEFAULT_MODEL})")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="how long every answer takes, in milliseconds")
    options = parser.parse_args()
    settings = Settings(
        options.data_dir,
        keys=tuple(options.key) or (DEFAULT_KEY,),
        models=tuple(options.model) or (DEFAULT_MODEL,),
        latency_s=max(0.0, options.latency_ms / 1000),
    )
    serve(
        build_app(settings),
        port=options.port,
        ready_file=options.ready_file,
        facts={"keys": list(settings.keys), "models": list(settings.models)},
    )


if __name__ == "__main__":
    main()
