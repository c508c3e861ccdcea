"""``python -m benchmarks``: every benchmark, with short settings."""

from __future__ import annotations

from benchmarks import accepts, bundle, thinking

if __name__ == "__main__":
    thinking.run()
    print(flush=True)
    bundle.run()
    print(flush=True)
    accepts.main(["--seconds", "2", "--rounds", "1", "--slow-ms", "0"])
