import requests

from answer import answer


def call(url, mode, seconds, got):
    timeout = (5, seconds)
    if mode == "json":
        response = requests.post(url, json={}, timeout=timeout)
        got["status"] = response.status_code
        got["got"] = response.json()
        return
    headers = {"accept": "text/event-stream"}
    with requests.get(url, headers=headers, timeout=timeout, stream=True) as response:
        got["status"] = response.status_code
        got["text"] = ""
        for piece in response.iter_content(None):
            got["text"] += piece.decode()


answer(call)
