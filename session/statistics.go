package session

import (
	"time"

	"github.com/videoleg/videoleg/pexrtc/relay"
	"github.com/videoleg/videoleg/session/page"
)

// statisticsInterval is how often a page that looks at them gets new counters.
const statisticsInterval = time.Second

// watchStatistics tells the page the counters of the hop to the node while it looks at them. In
// Bypass mode there is no such hop: the browser itself counts all there is.
func (c *Call) watchStatistics(on bool) {
	c.window.statistics.stop()
	if !on || c.window.conn == nil {
		return
	}
	if l, ok := c.stay.leg.(*relayLeg); ok {
		c.window.send(page.Out{Type: page.Statistics, Hop: nodeHop(l.Stats())})
	}
	c.window.statistics.set(&c.owner, c.now().Add(statisticsInterval), func() { c.watchStatistics(true) })
}

// nodeHop is what a page is told of the hop to the node.
func nodeHop(s relay.Stats) *page.Hop {
	return &page.Hop{
		Codec: s.Codec, BytesIn: s.Node.BytesIn, BytesOut: s.Node.BytesOut, Packets: s.Node.PacketsIn, Lost: s.Node.PacketsMissed,
		Loss: s.Node.Loss, RTT: s.Node.RTT,
	}
}
