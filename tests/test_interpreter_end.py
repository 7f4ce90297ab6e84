"""The end of the interpreter: nothing of ours holds it up, breaks it, or waits behind it."""

from __future__ import annotations

import pytest

from tests.children import run

PLAIN = """
    import asyncio
    import industrydb as idb

    async def main():
        async with idb.connect_async("sqlite://") as conn:
            await conn.execute("SELECT 1")

    asyncio.run(main())
"""

PENDING = """
    import asyncio
    import industrydb as idb

    async def main():
        conn = await idb.connect_async("sqlite://")
        verbs = [conn.execute("SELECT 1") for _ in range(20)]
        tasks = [asyncio.create_task(verb) for verb in verbs[:10]]
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        loop.call_soon(conn.close().close)
        await conn.close()

    asyncio.run(main())
"""

LATE = """
    import asyncio, atexit

    def late():
        import industrydb as idb

        async def main():
            try:
                async with idb.connect_async("sqlite://") as conn:
                    await conn.execute("SELECT 1")
            except RuntimeError as error:
                print(error)

        asyncio.run(main())

    atexit.register(late)
    import industrydb
"""


@pytest.mark.backend("sqlite")
@pytest.mark.parametrize("code", [PLAIN, PENDING], ids=["plain", "pending"])
def test_programs_end_well(code: str) -> None:
    for _ in range(8):
        run(code)


@pytest.mark.backend("sqlite")
def test_what_comes_after_its_end_is_told() -> None:
    assert run(LATE) == "the interpreter is ending: nothing can be awaited any more"
