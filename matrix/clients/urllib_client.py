import json
import urllib.request

from answer import answer


def call(url, mode, seconds, got):
    if mode == "json":
        request = urllib.request.Request(url, data=b"{}")
        with urllib.request.urlopen(request, timeout=seconds) as response:
            got["status"] = response.status
            got["got"] = json.load(response)
        return
    request = urllib.request.Request(url, headers={"accept": "text/event-stream"})
    with urllib.request.urlopen(request, timeout=seconds) as response:
        got["status"] = response.status
        got["text"] = ""
        for line in response:
            got["text"] += line.decode()


answer(call)
