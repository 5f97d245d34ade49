package simulator

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Transport returns an in-memory http.RoundTripper: a request goes to the
// handler of its URL's host. There are no sockets, so it works inside a
// testing/synctest bubble. It behaves as net/http does on the wire: it asks for
// gzip and decodes it, hands over the answer when the handler ends or flushes,
// obeys the request's context, and turns http.ErrAbortHandler and a hijacked
// connection into 'connection reset by peer' (or an unexpected end of a body
// that had begun).
//
// One goroutine runs per request and ends with the handler, whether or not the
// answer is read; closing the body cancels the handler's context.
func Transport(handlers map[string]http.Handler) http.RoundTripper { return transport(handlers) }

type transport map[string]http.Handler

// errReset is what a client sees of a connection that was cut before the answer.
func errReset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		closeErr := req.Body.Close()
		if err := errors.Join(err, closeErr); err != nil {
			return nil, err
		}
		body = b
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	h := t[req.URL.Host]
	if h == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
			Err: "no such host", Name: req.URL.Hostname(), IsNotFound: true,
		}}
	}
	ctx, cancel := context.WithCancel(req.Context())
	in, err := serverRequest(ctx, req, body)
	if err != nil {
		cancel()
		return nil, err
	}
	gunzip := false
	if req.Header.Get("Accept-Encoding") == "" && req.Header.Get("Range") == "" && req.Method != http.MethodHead {
		in.Header.Set("Accept-Encoding", "gzip")
		gunzip = true
	}
	x := newExchange(cancel)
	go x.run(h, in)
	select {
	case <-x.started:
	case <-req.Context().Done():
		cancel()
		return nil, req.Context().Err()
	}
	if x.cutBeforeStart() {
		cancel()
		return nil, errReset()
	}
	return x.response(req, gunzip), nil
}

// serverRequest is the request as a server reads it off the wire.
func serverRequest(ctx context.Context, req *http.Request, body []byte) (*http.Request, error) {
	u, err := url.ParseRequestURI(req.URL.RequestURI())
	if err != nil {
		return nil, fmt.Errorf("simulator: request URI: %w", err)
	}
	in := req.Clone(ctx)
	in.URL = u
	in.RequestURI = req.URL.RequestURI()
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	in.RemoteAddr = "127.0.0.1:1"
	in.Body = io.NopCloser(bytes.NewReader(body))
	in.ContentLength = int64(len(body))
	in.TransferEncoding = nil
	in.GetBody = nil
	if in.Header == nil {
		in.Header = http.Header{}
	}
	if in.Header.Get("User-Agent") == "" {
		in.Header.Set("User-Agent", "Go-http-client/1.1")
	}
	return in, nil
}

// exchange is one request and its answer: the handler writes to one side, the
// client reads from the other. The buffer between them never blocks the writer.
type exchange struct {
	cancel  context.CancelFunc
	started chan struct{} // closed when there are headers, or the end

	mu       sync.Mutex
	header   http.Header // the handler's
	sent     http.Header // frozen at the first flush
	status   int
	isOpen   bool // headers have gone out
	buffer   bytes.Buffer
	ended    bool
	cut      bool
	hijacked bool
	more     chan struct{} // closed and renewed at every change
}

func newExchange(cancel context.CancelFunc) *exchange {
	return &exchange{cancel: cancel, started: make(chan struct{}), more: make(chan struct{}), header: http.Header{}}
}

func (x *exchange) run(h http.Handler, r *http.Request) {
	defer func() {
		p := recover()
		if err, ok := p.(error); p != nil && !(ok && errors.Is(err, http.ErrAbortHandler)) {
			panic(p) // a fault of the simulator: be loud
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.ended = true
		x.cut = p != nil || x.hijacked
		if !x.isOpen {
			if !x.cut {
				x.open()
			} else {
				x.isOpen, x.sent = true, nil // what was not flushed never left
				close(x.started)
			}
		}
		x.signal()
	}()
	defer x.cancel() // as net/http: the context ends with the handler
	h.ServeHTTP(x, r)
}

// signal wakes the reader; open sends the headers. Both under the lock.
func (x *exchange) signal() {
	close(x.more)
	x.more = make(chan struct{})
}

func (x *exchange) open() {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	if x.sent == nil {
		x.sent = x.header.Clone()
	}
	if x.ended && x.sent.Get("Content-Length") == "" && x.status != http.StatusNoContent && x.status != http.StatusNotModified {
		x.sent.Set("Content-Length", strconv.Itoa(x.buffer.Len()))
	}
	x.isOpen = true
	close(x.started)
}

func (x *exchange) cutBeforeStart() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.sent == nil
}

// Header implements http.ResponseWriter.
func (x *exchange) Header() http.Header { return x.header }

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.status == 0 && status >= 200 {
		x.status = status
		x.freeze()
	}
}

func (x *exchange) freeze() {
	if x.sent == nil && !x.isOpen {
		x.sent = x.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (x *exchange) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.hijacked {
		return 0, http.ErrHijacked
	}
	if x.status == 0 {
		x.status = http.StatusOK
		x.freeze()
	}
	if x.status == http.StatusNoContent || x.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	x.buffer.Write(p)
	if x.isOpen {
		x.signal()
	}
	return len(p), nil
}

// Flush implements http.Flusher: the answer begins now.
func (x *exchange) Flush() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.isOpen && !x.hijacked {
		x.open()
	}
	x.signal()
}

// Hijack implements http.Hijacker for handlers that mean to cut the connection:
// what they write goes nowhere.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.hijacked = true
	ours, theirs := net.Pipe()
	if err := theirs.Close(); err != nil {
		return nil, nil, err
	}
	return ours, bufio.NewReadWriter(bufio.NewReader(ours), bufio.NewWriter(ours)), nil
}

func (x *exchange) response(req *http.Request, gunzip bool) *http.Response {
	x.mu.Lock()
	defer x.mu.Unlock()
	res := &http.Response{
		Status:     strconv.Itoa(x.status) + " " + http.StatusText(x.status),
		StatusCode: x.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        x.sent,
		ContentLength: -1,
		Request:       req,
	}
	if n, err := strconv.ParseInt(x.sent.Get("Content-Length"), 10, 64); err == nil {
		res.ContentLength = n
	}
	if x.status == http.StatusNoContent || x.status == http.StatusNotModified || req.Method == http.MethodHead {
		x.cancel()
		res.ContentLength = max(res.ContentLength, 0)
		res.Body = http.NoBody
		return res
	}
	body := &responseBody{x: x, ctx: req.Context(), left: res.ContentLength}
	res.Body = body
	if gunzip && strings.EqualFold(x.sent.Get("Content-Encoding"), "gzip") {
		res.Header.Del("Content-Encoding")
		res.Header.Del("Content-Length")
		res.ContentLength = -1
		res.Uncompressed = true
		res.Body = &gunzipBody{raw: body}
	}
	return res
}

// responseBody reads what the handler wrote.
type responseBody struct {
	x    *exchange
	ctx  context.Context
	left int64 // of the declared length; below zero: none was declared
	shut bool
}

func (b *responseBody) Read(p []byte) (int, error) {
	for {
		if err := b.ctx.Err(); err != nil {
			return 0, err
		}
		b.x.mu.Lock()
		if b.shut {
			b.x.mu.Unlock()
			return 0, http.ErrBodyReadAfterClose
		}
		if b.left == 0 {
			b.x.mu.Unlock()
			return 0, io.EOF
		}
		if b.left > 0 && int64(len(p)) > b.left {
			p = p[:b.left]
		}
		if b.x.buffer.Len() > 0 || len(p) == 0 {
			n, err := b.x.buffer.Read(p)
			if b.left > 0 {
				b.left -= int64(n)
			}
			b.x.mu.Unlock()
			return n, err
		}
		ended, cut, more := b.x.ended, b.x.cut, b.x.more
		b.x.mu.Unlock()
		switch {
		case cut || ended && b.left > 0:
			return 0, io.ErrUnexpectedEOF
		case ended:
			return 0, io.EOF
		}
		select {
		case <-more:
		case <-b.ctx.Done():
		}
	}
}

// Close ends the exchange: the handler's context is cancelled.
func (b *responseBody) Close() error {
	b.x.mu.Lock()
	b.shut = true
	b.x.mu.Unlock()
	b.x.cancel()
	return nil
}

// gunzipBody decodes when it is first read, as net/http does.
type gunzipBody struct {
	raw io.ReadCloser
	z   *gzip.Reader
	err error
}

func (g *gunzipBody) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	if g.z == nil {
		if g.z, g.err = gzip.NewReader(g.raw); g.err != nil {
			return 0, g.err
		}
	}
	return g.z.Read(p)
}

func (g *gunzipBody) Close() error { return g.raw.Close() }
