package relay

// vp8Keyframe: the first packet of a key frame (RFC 7741, 4.2 and 4.3).
func vp8Keyframe(p []byte) bool {
	if len(p) < 1 || p[0]&0x1f != 0x10 { // start of partition 0
		return false
	}
	at := 1
	if p[0]&0x80 != 0 {
		if len(p) < 2 {
			return false
		}
		flags := p[1]
		at = 2
		if flags&0x80 != 0 { // picture number, of one or two bytes
			if len(p) <= at {
				return false
			}
			at += 1 + int(p[at]>>7)
		}
		if flags&0x40 != 0 {
			at++
		}
		if flags&0x30 != 0 {
			at++
		}
	}
	return len(p) > at && p[at]&0x01 == 0
}

// vp9Keyframe: the first packet of a picture that refers to no other (RFC 9628, 4.2).
func vp9Keyframe(p []byte) bool {
	const interPredicted, begins = 0x40, 0x08
	return len(p) > 0 && p[0]&interPredicted == 0 && p[0]&begins != 0
}

// h264Keyframe: an IDR slice or the parameter sets before it, alone, in an aggregate, or as the first fragment
// (RFC 6184, 5.4, 5.7.1 and 5.8).
func h264Keyframe(p []byte) bool {
	const stapA, fuA = 24, 28
	if len(p) < 2 {
		return false
	}
	switch kind := p[0] & 0x1f; kind {
	case stapA:
		return len(p) > 3 && opensPicture(p[3]&0x1f)
	case fuA:
		return p[1]&0x80 != 0 && opensPicture(p[1]&0x1f)
	default:
		return opensPicture(kind)
	}
}

func opensPicture(nal byte) bool {
	const idr, sps = 5, 7
	return nal == idr || nal == sps
}
