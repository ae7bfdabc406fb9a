import asyncio

import aiohttp

from answer import answer


async def ask(url, mode, seconds, got):
    timeout = aiohttp.ClientTimeout(total=None, sock_read=seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        if mode == "json":
            async with session.post(url, json={}) as response:
                got["status"] = response.status
                got["got"] = await response.json()
            return
        async with session.get(url, headers={"accept": "text/event-stream"}) as response:
            got["status"] = response.status
            got["text"] = ""
            async for piece in response.content.iter_any():
                got["text"] += piece.decode()


answer(lambda *asked: asyncio.run(ask(*asked)))
