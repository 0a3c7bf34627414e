package weather

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Way leads packets of any number of clients to one target and back. Its methods may be called from any goroutine.
type Way struct {
	Addr   netip.AddrPort // where clients send to
	target netip.AddrPort
	front  *net.UDPConn

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu          sync.Mutex // guards the rest
	there, back link
	clients     map[netip.AddrPort]*net.UDPConn // by address: the socket that the target sees
	flying      flight
	wake        chan struct{} // something earlier is flying
}

// maxClients of a way; a browser has a handful of sockets.
const maxClients = 64

// New opens a way to target on loopback, in fair weather. Close it with Close.
func New(target netip.AddrPort) (*Way, error) {
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("weather: %w", err)
	}
	w := &Way{
		Addr: front.LocalAddr().(*net.UDPAddr).AddrPort(), target: target, front: front,
		clients: map[netip.AddrPort]*net.UDPConn{}, wake: make(chan struct{}, 1),
		there: link{rand: rand.New(rand.NewPCG(1, 2))}, back: link{rand: rand.New(rand.NewPCG(3, 4))},
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.work.Go(w.listen)
	w.work.Go(w.deliver)
	return w, nil
}

// Set changes the weather towards the target, and back.
func (w *Way) Set(there, back Sky) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.there.sky, w.back.sky = there, back
}

// Both is the same weather in both directions.
func (w *Way) Both(s Sky) { w.Set(s, s) }

// Rebind lets the target see every client under another address from now on, as a NAT does that has forgotten them.
// What goes to the old ones is lost.
func (w *Way) Rebind() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, out := range w.clients {
		out.Close()
	}
	clear(w.clients)
}

// Close ends the way; what is flying is lost.
func (w *Way) Close() {
	w.cancel()
	w.front.Close()
	w.mu.Lock()
	for _, c := range w.clients {
		c.Close()
	}
	w.mu.Unlock()
	w.work.Wait()
}

// listen takes the clients' packets.
func (w *Way) listen() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := w.front.ReadFromUDPAddrPort(buf)
		if w.ctx.Err() != nil {
			return
		}
		if err != nil {
			continue // an answer to one of ours found nobody
		}
		if out := w.client(from); out != nil {
			w.fly(&w.there, buf[:n], func(b []byte) { _, _ = out.Write(b) })
		}
	}
}

// client is the socket by which a client's packets go on.
func (w *Way) client(from netip.AddrPort) *net.UDPConn {
	w.mu.Lock()
	defer w.mu.Unlock()
	if out := w.clients[from]; out != nil {
		return out
	}
	if len(w.clients) == maxClients || w.ctx.Err() != nil {
		return nil
	}
	out, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(w.target))
	if err != nil {
		return nil
	}
	w.clients[from] = out
	w.work.Go(func() { w.answer(out, from) })
	return out
}

// answer takes the target's packets for one client.
func (w *Way) answer(out *net.UDPConn, to netip.AddrPort) {
	buf := make([]byte, 64<<10)
	for {
		n, err := out.Read(buf)
		if w.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the target is not there, just now
		}
		w.fly(&w.back, buf[:n], func(b []byte) { _, _ = w.front.WriteToUDPAddrPort(b, to) })
	}
}

// fly sends a packet on its way.
func (w *Way) fly(l *link, b []byte, land func([]byte)) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	at, ok := l.pass(now, len(b))
	switch {
	case !ok:
	case !at.After(now):
		land(b)
	default:
		heap.Push(&w.flying, packet{at, append([]byte(nil), b...), land})
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// deliver lands packets when their time has come.
func (w *Way) deliver() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-w.ctx.Done():
			return
		case <-w.wake:
		case <-timer.C:
		}
		w.mu.Lock()
		for now := time.Now(); len(w.flying) > 0 && !w.flying[0].at.After(now); {
			p := heap.Pop(&w.flying).(packet)
			p.land(p.bytes)
		}
		if len(w.flying) > 0 {
			timer.Reset(time.Until(w.flying[0].at))
		}
		w.mu.Unlock()
	}
}

// packet is one that flies.
type packet struct {
	at    time.Time
	bytes []byte
	land  func([]byte)
}

// flight is a heap of packets, the next to land first.
type flight []packet

func (f flight) Len() int           { return len(f) }
func (f flight) Less(i, j int) bool { return f[i].at.Before(f[j].at) }
func (f flight) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *flight) Push(x any)        { *f = append(*f, x.(packet)) }
func (f *flight) Pop() any {
	old := *f
	last := old[len(old)-1]
	*f = old[:len(old)-1]
	return last
}
