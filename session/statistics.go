package session

import (
	"time"

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
		s := l.Stats()
		c.window.send(page.Out{Type: page.Statistics, Hop: &page.Hop{
			Codec: s.Codec, BytesIn: s.Node.BytesIn, BytesOut: s.Node.BytesOut, Packets: s.Node.PacketsIn, Lost: s.Node.NACKsSent,
			Loss: s.Node.Loss, RTT: s.Node.RTT,
		}})
	}
	c.window.statistics.set(&c.owner, c.now().Add(statisticsInterval), func() { c.watchStatistics(true) })
}
