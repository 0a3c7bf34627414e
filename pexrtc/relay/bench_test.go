package relay

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// The load: one video stream of 1264 kbit/s each way of every leg, as a camera sends it, and what browsers and nodes say of
// what they get.
const (
	benchFrame   = time.Second / 30
	benchBurst   = 5    // packets a frame
	benchPayload = 1053 // bytes
	benchWarmUp  = 700 * time.Millisecond
	benchTime    = 3 * time.Second
	benchRole    = "VIDEOLEG_BENCH_RELAY"
	benchProfile = "VIDEOLEG_BENCH_PROFILE" // where the relays under test write CPU profiles, each with its name
)

// BenchmarkRelay compares what relays cost: the floor (receive, decrypt, encrypt, send), a plain relay of two
// PeerConnections with and without the default interceptors, and this package. Each one runs in a process of its own;
// the load comes from this one. Run it with -benchtime 1x, or by `make bench`.
func BenchmarkRelay(b *testing.B) {
	for _, legs := range []int{1, 10, 50} {
		cost := map[string]float64{} // µs a packet, by relay
		for _, kind := range []string{"floor", "plain", "interceptors", "ours"} {
			b.Run(fmt.Sprintf("legs=%d/%s", legs, kind), func(b *testing.B) {
				var got benchResult
				for b.Loop() {
					got = measure(b, kind, legs)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(got.perPacket, "µs/packet")
				b.ReportMetric(got.memory, "MB/leg")
				b.ReportMetric(got.p50, "p50-ms")
				b.ReportMetric(got.p99, "p99-ms")
				b.ReportMetric(got.max, "max-ms")
				b.ReportMetric(got.loss, "loss-%")
				for other, theirs := range cost {
					b.ReportMetric(got.perPacket/theirs, "of-"+other)
				}
				cost[kind] = got.perPacket
			})
		}
	}
}

type benchResult struct{ perPacket, memory, p50, p99, max, loss float64 }

// measure starts a relay of this kind, connects legs, and loads them.
func measure(b *testing.B, kind string, legs int) benchResult {
	child := startRelay(b, kind)
	defer child.stop()
	idle := child.ask(benchCommand{Do: "memory"}).Memory
	ends := make([]*benchEnd, 0, 2*legs)
	for range legs {
		browser, node := newBenchLeg(b, child, kind == "floor")
		ends = append(ends, browser, node)
	}
	defer func() {
		for _, e := range ends {
			e.close()
		}
	}()
	for _, e := range ends {
		<-e.connected
	}
	child.ask(benchCommand{Do: "open"})
	load(ends, benchWarmUp)
	time.Sleep(300 * time.Millisecond)
	for _, e := range ends {
		e.reset()
	}
	before := child.ask(benchCommand{Do: "cpu"}).CPU
	sent := load(ends, benchTime)
	time.Sleep(300 * time.Millisecond)
	used := child.ask(benchCommand{Do: "cpu"}).CPU - before
	held := child.ask(benchCommand{Do: "memory"}).Memory - idle

	var delays []time.Duration
	for _, e := range ends {
		delays = append(delays, e.take()...)
	}
	if len(delays) == 0 {
		b.Fatal("nothing came through")
	}
	slices.Sort(delays)
	at := func(q float64) float64 { return delays[int(q*float64(len(delays)-1))].Seconds() * 1000 }
	return benchResult{
		perPacket: used.Seconds() * 1e6 / float64(len(delays)),
		memory:    float64(held) / float64(legs) / (1 << 20),
		p50:       at(0.5), p99: at(0.99), max: at(1),
		loss: 100 * (1 - float64(len(delays))/float64(sent)),
	}
}

// load sends from all ends, evenly spread over the time of a frame, and returns the number of packets.
func load(ends []*benchEnd, d time.Duration) (sent int) {
	began := time.Now()
	gap := benchFrame / time.Duration(len(ends))
	for i := 0; ; i++ {
		due := time.Duration(i) * gap
		if due > d {
			return sent
		}
		time.Sleep(due - time.Since(began))
		e := ends[i%len(ends)]
		for n := range benchBurst {
			e.send(n == benchBurst-1)
			sent++
		}
		e.feedback(i / len(ends))
	}
}

// benchCommand and benchReply are one JSON line each, between the load and the relay under test.
type benchCommand struct {
	Do  string // leg, answer, open, cpu, memory
	Leg int
	SDP string
}

type benchReply struct {
	SDP, Err string
	CPU      time.Duration // user and system
	Memory   int64         // resident bytes
}

// benchChild is a relay under test in its own process.
type benchChild struct {
	b     *testing.B
	in    io.WriteCloser
	out   *bufio.Reader
	close func() error
	legs  int
}

func startRelay(b *testing.B, kind string) *benchChild {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), benchRole+"="+kind)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return &benchChild{b: b, in: in, out: bufio.NewReader(out), close: cmd.Wait}
}

func (c *benchChild) ask(q benchCommand) benchReply {
	var a benchReply
	err := json.NewEncoder(c.in).Encode(q)
	var line []byte
	if err == nil {
		line, err = c.out.ReadBytes('\n')
	}
	if err == nil {
		err = json.Unmarshal(line, &a)
	}
	if err != nil || a.Err != "" {
		c.b.Fatalf("%s: %v %s", q.Do, err, a.Err)
	}
	return a
}

func (c *benchChild) stop() {
	_ = c.in.Close()
	_ = c.close()
}

// stamp writes the time of sending into a payload; since reads it.
func stamp(payload []byte) { binary.BigEndian.PutUint64(payload[8:], uint64(time.Now().UnixNano())) }

func since(payload []byte) time.Duration {
	return time.Duration(time.Now().UnixNano() - int64(binary.BigEndian.Uint64(payload[8:])))
}
