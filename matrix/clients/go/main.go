// Go's net/http with a time-out for silence, which it does not have by itself: each read sets a new deadline.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

type impatient struct {
	net.Conn
	timeout time.Duration
}

func (conn impatient) Read(into []byte) (int, error) {
	conn.SetReadDeadline(time.Now().Add(conn.timeout))
	return conn.Conn.Read(into)
}

type answer struct {
	Status int     `json:"status,omitempty"`
	Got    any     `json:"got,omitempty"`
	Text   *string `json:"text,omitempty"`
	Error  string  `json:"error,omitempty"`
}

func ask(url, mode string, timeout time.Duration, got *answer) error {
	dialer := net.Dialer{}
	client := http.Client{Transport: &http.Transport{
		// With a dialer of one's own it has to be told.
		ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			return impatient{conn, timeout}, err
		},
	}}
	request, err := http.NewRequest("POST", url, strings.NewReader("{}"))
	if mode == "events" {
		request, err = http.NewRequest("GET", url, nil)
		request.Header.Set("Accept", "text/event-stream")
	}
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got.Status = response.StatusCode
	if mode == "json" {
		return json.NewDecoder(response.Body).Decode(&got.Got)
	}
	body, err := io.ReadAll(response.Body)
	text := string(body)
	got.Text = &text
	return err
}

func main() {
	timeout, _ := strconv.Atoi(os.Args[3])
	var got answer
	if err := ask(os.Args[1], os.Args[2], time.Duration(timeout)*time.Millisecond, &got); err != nil {
		got.Error = fmt.Sprintf("%T: %v", err, err)
	}
	json.NewEncoder(os.Stdout).Encode(got)
}
