"""Serve the demo classifieds site: python -m local.classifieds --data-dir DIR."""

from __future__ import annotations

from local.classifieds.app import STATE, Settings, build_app
from local.classifieds.generator import DEFAULT_POSTS_PER_CITY, DEFAULT_SEED
from local.serving import base_arguments, serve


def main() -> None:
    """Read the command line and serve until told to stop."""
    parser = base_arguments("A classifieds site with invented ads, the same for the same seed.")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="what all content is drawn from")
    parser.add_argument(
        "--posts-per-city", type=int, default=DEFAULT_POSTS_PER_CITY, help="links on each city's listings"
    )
    parser.add_argument("--latency-ms", type=float, default=0.0, help="how long every page takes, in milliseconds")
    parser.add_argument("--fail-rate", type=float, default=0.0, help="share of page requests answered with 503, 0 to 1")
    options = parser.parse_args()
    try:
        settings = Settings(
            seed=options.seed,
            posts_per_city=options.posts_per_city,
            data_dir=options.data_dir,
            latency_ms=options.latency_ms,
            fail_rate=options.fail_rate,
        )
    except ValueError as error:
        parser.error(str(error))
    options.data_dir.mkdir(parents=True, exist_ok=True)
    app = build_app(settings)
    facts = {"seed": settings.seed, "posts_per_city": settings.posts_per_city, "cities": list(app[STATE].cities)}
    serve(app, port=options.port, ready_file=options.ready_file, facts=facts)


if __name__ == "__main__":
    main()
