import httpx
from httpx_sse import connect_sse

from answer import answer


def call(url, mode, seconds, got):
    got["events"] = []
    with httpx.Client(timeout=httpx.Timeout(5, read=seconds)) as client:
        with connect_sse(client, "GET" if mode == "events" else "POST", url) as source:
            got["status"] = source.response.status_code
            for event in source.iter_sse():
                data = event.data
                got["events"].append(data if event.event == "message" else {event.event: data})


answer(call)
