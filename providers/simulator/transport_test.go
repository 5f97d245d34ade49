package simulator_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinday/twinday/providers/simulator"
)

func client(h http.HandlerFunc) *http.Client {
	return &http.Client{Transport: simulator.Transport(map[string]http.Handler{"host.test": h})}
}

// fetch returns status, body and error of a request, however far it got.
func fetch(c *http.Client, method, url, body string) (int, string, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	res, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), errors.Join(err, res.Body.Close())
}

func TestTransportCarriesRequestAndAnswer(t *testing.T) {
	c := client(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Seen", fmt.Sprint(r.Method, " ", r.RequestURI, " ", r.URL.EscapedPath(), " ", r.Host, " ", r.ContentLength))
		w.WriteHeader(201)
		w.Header().Set("X-Late", "too late")
		fmt.Fprintf(w, "got %s", b)
	})
	res, err := c.Post("http://host.test/a%2Fb?q=1#part", "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || string(b) != "got hello" || res.StatusCode != 201 || res.ContentLength != 9 {
		t.Errorf("%d %q (%d) %v", res.StatusCode, b, res.ContentLength, err)
	}
	if got, want := res.Header.Get("X-Seen"), "POST /a%2Fb?q=1 /a%2Fb host.test 5"; got != want {
		t.Errorf("server saw %q, want %q", got, want)
	}
	if res.Header.Get("X-Late") != "" {
		t.Error("a header set after the status was sent")
	}
}

// TestTransportBehavesAsTheWire runs the same handlers over a real loopback
// server and over the transport: what the client sees must be alike.
func TestTransportBehavesAsTheWire(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"plain":          func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "x") },
		"no content":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
		"not modified":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) },
		"silence is 200": func(http.ResponseWriter, *http.Request) {},
		"asks for gzip":  func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("Accept-Encoding")) },
		"gzip": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprint(z, "unpacked")
			if err := z.Close(); err != nil {
				panic(err)
			}
		},
		"abort at once": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"abort after unflushed words": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "half")
			panic(http.ErrAbortHandler)
		},
		"abort in the middle": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "8")
			fmt.Fprint(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"less than was promised": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "8")
			fmt.Fprint(w, "half")
		},
		"hijacked and closed": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			if err := conn.Close(); err != nil {
				panic(err)
			}
		},
		"streamed": func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				fmt.Fprint(w, "part ")
				w.(http.Flusher).Flush()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(h)
			defer srv.Close()
			srv.Config.ErrorLog = nil
			status, body, err := fetch(srv.Client(), "POST", srv.URL, "x")
			gotStatus, gotBody, gotErr := fetch(client(h), "POST", "http://host.test", "x")
			if gotStatus != status || gotBody != body || (gotErr == nil) != (err == nil) {
				t.Errorf("in memory %d %q %v, on the wire %d %q %v", gotStatus, gotBody, gotErr, status, body, err)
			}
			if errors.Is(err, io.ErrUnexpectedEOF) != errors.Is(gotErr, io.ErrUnexpectedEOF) {
				t.Errorf("in memory %v, on the wire %v", gotErr, err)
			}
		})
	}
}

func TestACutConnectionIsAReset(t *testing.T) {
	_, _, err := fetch(client(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), "GET", "http://host.test", "")
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("error %v", err)
	}
}

func TestAnUnknownHostIsNotFound(t *testing.T) {
	_, _, err := fetch(client(nil), "GET", "http://elsewhere.test", "")
	if err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("error %v", err)
	}
}

func TestTransportLivesInABubbleAndObeysContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		c := client(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "begun")
			w.(http.Flusher).Flush()
			<-r.Context().Done() // a stream that never ends by itself
			ended = true
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "GET", "http://host.test", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if string(b) != "begun" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q, %v", b, err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if !ended {
			t.Error("the handler did not hear of it")
		}
	})
}

func TestClosingTheBodyEndsTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		res, err := client(func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			ended = true
		}).Get("http://host.test")
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if !ended {
			t.Error("it goes on")
		}
	})
}

func TestAClientTimeoutEndsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		c.Timeout = 30 * time.Second
		_, err := c.Get("http://host.test")
		if err == nil || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}
