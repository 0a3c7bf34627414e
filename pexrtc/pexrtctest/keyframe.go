package pexrtctest

// startsKeyframe reports whether an RTP payload is the first of a keyframe. Audio has none.
func startsKeyframe(codec string, payload []byte) bool {
	switch codec {
	case VP8:
		return startsVP8(payload)
	case VP9:
		return startsVP9(payload)
	case H264:
		return startsH264(payload)
	}
	return false
}

// startsVP8 skips the payload descriptor (RFC 7741 section 4.2): in the first byte after it the
// lowest bit is clear in keyframes.
func startsVP8(p []byte) bool {
	if len(p) < 2 || p[0]&0x10 == 0 || p[0]&0x07 != 0 {
		return false
	}
	at := 1
	if p[0]&0x80 != 0 {
		extensions := p[1]
		at = 2
		if extensions&0x80 != 0 {
			if at >= len(p) {
				return false
			}
			if p[at]&0x80 != 0 {
				at++
			}
			at++
		}
		if extensions&0x40 != 0 {
			at++
		}
		if extensions&0x30 != 0 {
			at++
		}
	}
	return at < len(p) && p[at]&0x01 == 0
}

// startsVP9 looks for the start of a frame that predicts from no other (RFC 9628 section 4.2), in
// the lowest spatial layer.
func startsVP9(p []byte) bool {
	const picture, predicted, layers, begin = 0x80, 0x40, 0x20, 0x08
	if len(p) < 2 || p[0]&predicted != 0 || p[0]&begin == 0 {
		return false
	}
	if p[0]&layers == 0 {
		return true
	}
	at := 1
	if p[0]&picture != 0 {
		if p[at]&0x80 != 0 {
			at++
		}
		at++
	}
	return at < len(p) && p[at]&0x0e == 0
}

// startsH264 looks for parameter sets or the first piece of an IDR picture, alone, in a STAP-A or
// in an FU-A (RFC 6184 section 5.2).
func startsH264(p []byte) bool {
	const idr, sps, stapA, fuA = 5, 7, 24, 28
	if len(p) < 2 {
		return false
	}
	switch p[0] & 0x1f {
	case idr, sps:
		return true
	case fuA:
		return p[1]&0x80 != 0 && p[1]&0x1f == idr
	case stapA:
		for at := 1; at+2 < len(p); {
			if unit := p[at+2] & 0x1f; unit == idr || unit == sps {
				return true
			}
			at += 2 + int(p[at])<<8 + int(p[at+1])
		}
	}
	return false
}
