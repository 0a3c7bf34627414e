package browser

import (
	"context"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
)

// Video is a <video> element.
type Video struct{ *Element }

// Video is the video of that accessible name.
func (f *Document) Video(name string) Video { return Video{f.Find("video", name)} }

const decoded = `this.getVideoPlaybackQuality().totalVideoFrames`

// Frames is how many frames the video has decoded since it began.
func (v Video) Frames() (n int) {
	v.frame.page.who.t.Helper()
	v.Eval(decoded, &n)
	return n
}

// AwaitFrames waits until n more frames have been decoded.
func (v Video) AwaitFrames(n int) {
	v.frame.page.who.t.Helper()
	v.AwaitTrue(fmt.Sprintf(`%s >= %d`, decoded, v.Frames()+n))
}

// Picture is what a video shows.
type Picture struct {
	Width, Height int     // of the video itself; 0: none yet
	Brightness    float64 // mean, 0 is black, 255 white
	Contrast      float64 // standard deviation of the brightness: 0 is one flat colour
	Motion        float64 // part of the points that changed over the next frames, 0 to 1
}

// look samples the shown picture, lets some frames go by, and samples again.
const look = `async function(frames, patience) {
	const wide = 96, high = 54;
	const canvas = new OffscreenCanvas(wide, high), paint = canvas.getContext('2d', {willReadFrequently: true});
	const sample = () => {
		paint.drawImage(this, 0, 0, wide, high);
		const d = paint.getImageData(0, 0, wide, high).data, grey = new Float32Array(wide * high);
		for (let i = 0; i < grey.length; i++) grey[i] = 0.3 * d[4*i] + 0.59 * d[4*i+1] + 0.11 * d[4*i+2];
		return grey;
	};
	if (!this.videoWidth) return {Width: 0, Height: 0};
	const before = sample(), from = this.getVideoPlaybackQuality().totalVideoFrames, start = performance.now();
	while (this.getVideoPlaybackQuality().totalVideoFrames < from + frames && performance.now() < start + patience)
		await new Promise(r => setTimeout(r, 20));
	const after = sample(), mean = after.reduce((a, b) => a + b) / after.length;
	return {
		Width: this.videoWidth, Height: this.videoHeight, Brightness: mean,
		Contrast: Math.sqrt(after.reduce((a, b) => a + (b - mean) ** 2, 0) / after.length),
		Motion: after.filter((v, i) => Math.abs(v - before[i]) > 10).length / after.length,
	};
}`

func (s scope) look(ctx context.Context, this runtime.RemoteObjectID) (p Picture, err error) {
	const frames, patience = 8, 600 // milliseconds
	err = s.call(ctx, this, look, &p, frames, patience)
	return p, err
}

// Picture is what the video shows now.
func (v Video) Picture() (p Picture) {
	v.frame.page.who.t.Helper()
	v.use("looking at", func(ctx context.Context, s scope, this runtime.RemoteObjectID) (_ string, err error) {
		p, err = s.look(ctx, this)
		return "", err
	})
	return p
}

// AwaitMoving waits until the video shows a moving picture: not black, not flat, changing.
func (v Video) AwaitMoving() {
	v.frame.page.who.t.Helper()
	v.use("waiting for a moving picture in", func(ctx context.Context, s scope, this runtime.RemoteObjectID) (string, error) {
		p, err := s.look(ctx, this)
		if err != nil || p.Brightness > 8 && p.Contrast > 4 && p.Motion > 0.001 {
			return "", err
		}
		return fmt.Sprintf("it shows %+v", p), nil
	})
}

// AwaitStill waits until no frame has been decoded for as long as d, or the video is gone.
func (v Video) AwaitStill(d time.Duration) {
	v.frame.page.who.t.Helper()
	v.frame.await("waiting for a still "+v.String(), func(ctx context.Context, s scope) (string, error) {
		found, err := s.nodes(ctx, v.role, v.name)
		if err != nil || len(found) == 0 {
			return "", err
		}
		this, err := s.object(ctx, found[0].BackendDOMNodeID)
		if err != nil {
			return "", err
		}
		var more int
		err = s.call(ctx, this, `async function(ms) {
			const from = `+decoded+`;
			await new Promise(r => setTimeout(r, ms));
			return `+decoded+` - from;
		}`, &more, d.Milliseconds())
		if err != nil || more == 0 {
			return "", err
		}
		return fmt.Sprintf("%d frames in %v", more, d), nil
	})
}

// Stream is one RTP stream of a frame's peer connections, from their statistics.
type Stream struct {
	Outbound      bool
	Kind          string // video, audio
	Codec         string // video/VP8, ...
	Packets       int
	Bytes         int
	Frames        int           // decoded or encoded
	Frozen        time.Duration // of an inbound picture, so far
	Width, Height int
	Connection    string // connectionState: connected, closed, ...
	Path          string // by which candidate of ours, and over what: host udp, relay udp, prflx tcp, ...; "" as long as there is none
}

const streams = `async function() {
	const all = [];
	for (const pc of this) {
		const stats = await pc.getStats();
		for (const s of stats.values()) {
			const out = s.type === 'outbound-rtp';
			if (!out && s.type !== 'inbound-rtp') continue;
			const path = stats.get(stats.get(stats.get(s.transportId)?.selectedCandidatePairId)?.localCandidateId);
			all.push({
				Path: path ? path.candidateType + ' ' + path.protocol : '',
				Outbound: out, Kind: s.kind, Codec: stats.get(s.codecId)?.mimeType ?? '', Connection: pc.connectionState,
				Packets: (out ? s.packetsSent : s.packetsReceived) ?? 0, Bytes: (out ? s.bytesSent : s.bytesReceived) ?? 0,
				Frozen: Math.round((s.totalFreezesDuration ?? 0) * 1e9), Frames: (out ? s.framesEncoded : s.framesDecoded) ?? 0,
				Width: s.frameWidth ?? 0, Height: s.frameHeight ?? 0,
			});
		}
	}
	return all;
}`

// Streams are the RTP streams of all peer connections that the frame has.
func (f *Document) Streams() (all []Stream) {
	f.page.who.t.Helper()
	f.await("reading the streams", func(ctx context.Context, s scope) (string, error) {
		all = nil
		connections, err := s.instances(ctx, "RTCPeerConnection")
		if err != nil {
			return "", err
		}
		return "", s.call(ctx, connections, streams, &all)
	})
	return all
}

// instances is an array of all living objects of a class; the page need not hand them out.
func (s scope) instances(ctx context.Context, class string) (runtime.RemoteObjectID, error) {
	proto, err := cdp.Call(ctx, s.session, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		FunctionDeclaration: `function() { return this.defaultView.` + class + `.prototype }`, ObjectID: s.doc, ObjectGroup: group,
	})
	if err != nil {
		return "", err
	}
	found, err := cdp.Call(ctx, s.session, runtime.QueryObjects, runtime.QueryObjectsParams{
		PrototypeObjectID: proto.Result.ObjectID, ObjectGroup: group,
	})
	if err != nil {
		return "", err
	}
	return found.Objects.ObjectID, nil
}
