package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

// handshakeTime bounds DTLS once there is a path.
const handshakeTime = 20 * time.Second

// transport is the encrypted connection of a hop: a path found by ICE, keys agreed by DTLS, and nothing in between a
// packet and whoever takes it. Its goroutines end with close.
type transport struct {
	agent  *ice.Agent
	own    *ports  // sockets of this transport alone; nil: the shared ones
	routes *routes // of the sockets
	cert   tls.Certificate
	log    *slog.Logger

	secured func(srtpKeys) error // called before the first packet
	media   func(raw []byte)     // an SRTP or SRTCP packet; the buffer is the callee's until it returns
	drained func()               // called when there are no more packets at hand
	changed func(Condition)

	route atomic.Pointer[route] // routes' to set; nil: no settled path over UDP
	over  atomic.Bool           // DTLS has failed or ended: no new path helps

	ctx    context.Context // ends with close
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu    sync.Mutex
	conn  *ice.Conn      // guarded by mu, as the rest; nil before connect
	ready bool           // DTLS is done
	path  netip.AddrPort // far end of the path of the moment; invalid: none over UDP
	there ice.Candidate  // the same, for the ICE stack; nil before the first
	added int            // remote candidates
}

// maxCandidates of a far end: each costs checks.
const maxCandidates = 64

// newTransport makes a transport that has not begun to gather.
func newTransport(agent *ice.Agent, own *ports, routes *routes, log *slog.Logger) (*transport, error) {
	t := &transport{agent: agent, own: own, routes: routes, log: log}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	var err error
	if t.cert, err = newCertificate(); err == nil {
		err = errors.Join(agent.OnConnectionStateChange(t.pathState), agent.OnSelectedCandidatePairChange(t.pathChanged))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("relay: ICE: %w", err), t.close())
	}
	return t, nil
}

// far is what a far end's description says of its transport.
type far struct {
	ufrag, pwd  string
	fingerprint string // hash and value, as in a=fingerprint
	lite        bool
}

// connect begins to look for a path. Whoever made the offer controls; client says who opens DTLS.
func (t *transport) connect(f far, controlling, client bool) error {
	if err := t.agent.SetRemoteICELite(f.lite); err != nil {
		return fmt.Errorf("relay: ICE: %w", err)
	}
	start := t.agent.StartAccept
	if controlling || f.lite {
		start = t.agent.StartDial
	}
	conn, err := start(f.ufrag, f.pwd)
	if err != nil {
		return fmt.Errorf("relay: ICE: %w", err)
	}
	t.mu.Lock()
	t.conn = conn
	t.mu.Unlock()
	t.work.Go(func() { t.run(conn, f, client) })
	return nil
}

// started says that connect was called.
func (t *transport) started() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.conn != nil
}

// restart forgets all paths and credentials, so that gathering can begin anew; keys stay. nil keeps the servers.
func (t *transport) restart(servers []*stun.URI) error {
	if servers != nil {
		if err := t.agent.UpdateOptions(ice.WithUrls(servers)); err != nil {
			return fmt.Errorf("relay: ICE: %w", err)
		}
	}
	t.mu.Lock()
	t.added = 0
	t.mu.Unlock()
	if err := t.agent.Restart("", ""); err != nil {
		return fmt.Errorf("relay: ICE restart: %w", err)
	}
	return nil
}

// rejoin takes the far end's new credentials after restart.
func (t *transport) rejoin(f far) error {
	if err := t.agent.SetRemoteCredentials(f.ufrag, f.pwd); err != nil {
		return fmt.Errorf("relay: ICE restart: %w", err)
	}
	return nil
}

// run secures the connection and watches it until the far end ends it, or close.
func (t *transport) run(conn *ice.Conn, f far, client bool) {
	if err := t.agent.AwaitConnect(t.ctx); err != nil {
		return // we are closed; where no path is found, which pathState tells, a restart may still find one
	}
	records := newRecords(conn)
	defer records.Close()
	t.work.Go(func() { t.read(conn, records) })
	d, err := t.handshake(records, f, client)
	if err != nil {
		t.over.Store(true)
		if t.ctx.Err() == nil {
			t.log.Debug("no DTLS", "err", err)
			t.changed(Failed)
		}
		return
	}
	t.work.Go(func() { // close ends d, and d its Read
		<-t.ctx.Done()
		_ = d.Close()
	})
	t.mu.Lock()
	t.ready = true
	path := t.path
	t.mu.Unlock()
	t.routes.move(t, path)
	t.changed(Connected)
	buf := make([]byte, packetSize)
	for {
		if _, err := d.Read(buf); err != nil {
			break
		}
	}
	t.over.Store(true)
	if t.ctx.Err() == nil {
		t.changed(Closed)
		<-t.ctx.Done()
	}
}

func (t *transport) handshake(records *records, f far, client bool) (*dtls.Conn, error) {
	ctx, cancel := context.WithTimeout(t.ctx, handshakeTime)
	defer cancel()
	d, err := newDTLS(records, t.cert, f.fingerprint, client, stackLog{t.log})
	if err != nil {
		return nil, err
	}
	err = d.HandshakeContext(ctx)
	var keys srtpKeys
	if err == nil {
		keys, err = readKeys(d, client)
	}
	if err == nil {
		err = t.secured(keys)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// read takes what the ICE stack hands on: DTLS always, media as long as its path is not settled, or not UDP.
func (t *transport) read(conn *ice.Conn, records *records) {
	buf := make([]byte, packetSize)
	for {
		n, err := conn.Read(buf)
		switch {
		case errors.Is(err, io.ErrShortBuffer): // no packet of ours is that large
			continue
		case err != nil:
			return
		case n > 0 && isMedia(buf[0]):
			t.media(buf[:n])
			t.drained()
		case n > 0 && isDTLS(buf[0]):
			records.put(buf[:n])
		}
	}
}

// send sends a train of protected packets: back the way that the far end's media comes, once that is known, else by the
// ICE stack.
func (t *transport) send(all *train) error {
	if r := t.route.Load(); r != nil {
		if back := r.back.Load(); back != nil {
			return back.send(all)
		}
	}
	return all.each(t.write)
}

// write sends one protected packet by the ICE stack.
func (t *transport) write(b []byte) error {
	t.mu.Lock()
	conn := t.conn
	t.mu.Unlock()
	if conn == nil {
		return net.ErrClosed
	}
	_, err := conn.Write(b)
	return err
}

// pathState follows the ICE agent.
func (t *transport) pathState(s ice.ConnectionState) {
	t.mu.Lock()
	ready := t.ready
	t.mu.Unlock()
	switch {
	case t.ctx.Err() != nil:
	case s == ice.ConnectionStateConnected && ready:
		t.changed(Connected)
	case s == ice.ConnectionStateDisconnected:
		t.changed(Disconnected)
	case s == ice.ConnectionStateFailed:
		t.changed(Failed)
	}
}

// pathChanged follows the far end to another address, after NAT rebinding as well.
func (t *transport) pathChanged(_, remote ice.Candidate) {
	var path netip.AddrPort
	if ip, err := netip.ParseAddr(remote.Address()); err == nil && remote.NetworkType().IsUDP() {
		path = netip.AddrPortFrom(ip.Unmap().WithZone(""), uint16(remote.Port()))
	}
	t.mu.Lock()
	t.path, t.there = path, remote
	ready := t.ready
	t.mu.Unlock()
	if ready && t.ctx.Err() == nil {
		t.routes.move(t, path)
	}
}

// deaf is how long a path may bring no checks and no answers before a check on another one is reason enough to move.
const deaf = 2500 * time.Millisecond

// follows decides on a check that comes from remote: after NAT rebinding the far end may not know that it has moved, and
// so not nominate its new address.
func (t *transport) follows(remote ice.Candidate) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ready && t.there != nil && !remote.Equal(t.there) && time.Since(t.there.LastReceived()) > deaf
}

// silence is how long the path has brought no checks and no answers to ours; 0: there is no path.
func (t *transport) silence() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ready || t.there == nil {
		return 0
	}
	return time.Since(t.there.LastReceived())
}

// addCandidate gives the ICE agent one more way to try.
func (t *transport) addCandidate(text string) error {
	c, err := ice.UnmarshalCandidate(text)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.added++
	full := t.added > maxCandidates
	t.mu.Unlock()
	if full {
		return errors.New("too many candidates")
	}
	return t.agent.AddRemoteCandidate(c)
}

// rtt is the round trip of the path; 0: unknown.
func (t *transport) rtt() time.Duration {
	s, ok := t.agent.GetSelectedCandidatePairStats()
	if !ok {
		return 0
	}
	return time.Duration(s.CurrentRoundTripTime * float64(time.Second))
}

// close ends the connection and waits for its goroutines. It must not be called from a callback.
func (t *transport) close() error {
	t.cancel()
	t.routes.move(t, netip.AddrPort{})
	err := t.agent.GracefulClose()
	if t.own != nil {
		err = errors.Join(err, t.own.close())
	}
	t.work.Wait()
	t.routes.move(t, netip.AddrPort{})
	return err
}
