import httpx

from answer import answer


def call(url, mode, seconds, got):
    # HTTP/2 where TLS can agree on it.
    http2 = url.startswith("https:")
    with httpx.Client(timeout=httpx.Timeout(5, read=seconds), http2=http2) as client:
        if mode == "json":
            response = client.post(url, json={})
            got["status"] = response.status_code
            got["got"] = response.json()
            return
        with client.stream("GET", url, headers={"accept": "text/event-stream"}) as response:
            got["status"] = response.status_code
            got["text"] = ""
            for text in response.iter_text():
                got["text"] += text


answer(call)
