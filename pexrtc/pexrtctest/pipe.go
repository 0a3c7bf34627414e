package pexrtctest

import (
	"context"
	"net"
	"sync"
)

// PipeListener is a [net.Listener] in memory: each dial makes a [net.Pipe]. With it a node runs
// inside a testing/synctest bubble, where a real socket would stop the clock.
type PipeListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

// NewPipeListener makes a listener for [Options.Listener].
func NewPipeListener() *PipeListener {
	return &PipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for the next dial.
func (l *PipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// DialContext connects to the listener, whatever the address; it fits [net/http.Transport].
func (l *PipeListener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close lets Accept and all dials fail.
func (l *PipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is a name, as there is no address.
func (l *PipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "node.pipe" }
