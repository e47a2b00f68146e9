"""Starting the workers before anybody waits for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

from local.stack import web
from local.stack.functions import Function

_AT_ONCE = 4
_TIMEOUT_S = 45.0  # the emulator gives up on a worker after 30 s, and then never answers


def generation(functions_origin: str, project: str, region: str = "us-central1") -> int:
    """How often the Functions emulator has loaded its triggers anew; it counts this in the names of the triggers.

    It lists the names it knows when asked for one it does not know.

    Raises:
        OSError: it does not answer.
    """
    _, text = web.request("GET", f"{functions_origin}/{project}/{region}/leadgen-no-such-function", timeout_s=10)
    return max((int(number) for number in re.findall(r"-(\d+)(?=,|\s|$)", text)), default=0)


def warm(
    functions: list[Function], functions_origin: str, project: str, current: int, progress: Callable[[str], None]
) -> list[str]:
    """Have the emulator start a worker for each function, without calling the function itself.

    The functions framework answers GET /robots.txt by itself, with an error, whatever the kind of the function.

    Returns:
        Problems, one line each.
    """

    def touch(function: Function) -> str:
        url = f"{functions_origin}/{project}/{function.region}/{function.route(current)}/robots.txt"
        try:
            status, text = web.request("GET", url, timeout_s=_TIMEOUT_S)
        except OSError as failure:
            return f"{function.name} did not start: {failure}"
        # 404 or 405 come from the framework; 5xx means that main.py or the worker failed.
        failed = status >= 500 or "does not exist, valid functions are" in text
        return f"{function.name} did not start: HTTP {status} {text[:300]}" if failed else ""

    ordered = sorted(functions, key=lambda function: function.kind != "http")
    pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="warm")
    try:
        problems = []
        for done in as_completed([pool.submit(touch, function) for function in ordered]):
            if done.result():
                problems.append(done.result())
                break  # main.py is at fault, most likely: the others would fail as slowly
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if not problems:
        progress(f"all {len(functions)} functions are warm")
    return problems
