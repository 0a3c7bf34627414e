package relay

import "testing"

func TestKeyframes(t *testing.T) {
	tests := []struct {
		name    string
		is      func([]byte) bool
		payload []byte
		want    bool
	}{
		{"VP8 key", vp8Keyframe, []byte{0x10, 0x00}, true},
		{"VP8 delta", vp8Keyframe, []byte{0x10, 0x01}, false},
		{"VP8 key with all extensions", vp8Keyframe, []byte{0x90, 0xf0, 0x81, 0x02, 3, 4, 0x10}, true},
		{"VP8 delta with a short picture number", vp8Keyframe, []byte{0x90, 0x80, 0x01, 0x11}, false},
		{"VP8 continuation", vp8Keyframe, []byte{0x00, 0x00}, false},
		{"VP8 second partition", vp8Keyframe, []byte{0x11, 0x00}, false},
		{"VP8 cut", vp8Keyframe, []byte{0x90, 0x80}, false},
		{"VP8 empty", vp8Keyframe, nil, false},
		{"VP9 key", vp9Keyframe, []byte{0x88, 0x01}, true},
		{"VP9 inter", vp9Keyframe, []byte{0xc8, 0x01}, false},
		{"VP9 continuation", vp9Keyframe, []byte{0x80, 0x01}, false},
		{"VP9 empty", vp9Keyframe, nil, false},
		{"H264 IDR", h264Keyframe, []byte{0x65, 0x88}, true},
		{"H264 SPS", h264Keyframe, []byte{0x67, 0x42}, true},
		{"H264 slice", h264Keyframe, []byte{0x41, 0x9a}, false},
		{"H264 aggregate", h264Keyframe, []byte{0x78, 0x00, 0x0a, 0x67, 0x42}, true},
		{"H264 aggregate of others", h264Keyframe, []byte{0x78, 0x00, 0x0a, 0x41, 0x42}, false},
		{"H264 first fragment", h264Keyframe, []byte{0x7c, 0x85, 0x00}, true},
		{"H264 later fragment", h264Keyframe, []byte{0x7c, 0x05, 0x00}, false},
		{"H264 empty", h264Keyframe, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.is(tt.payload); got != tt.want {
				t.Errorf("%x: %v, want %v", tt.payload, got, tt.want)
			}
		})
	}
}

func FuzzKeyframes(f *testing.F) {
	f.Add([]byte{0x90, 0xf0, 0x81, 0x02, 3, 4, 0x10})
	f.Fuzz(func(t *testing.T, p []byte) {
		for _, is := range []func([]byte) bool{vp8Keyframe, vp9Keyframe, h264Keyframe} {
			if len(p) == 0 && is(p) {
				t.Error("nothing is a keyframe")
			}
		}
	})
}
