package static

import (
	"regexp"
	"strings"
	"testing"
)

func FuzzLanguage(f *testing.F) {
	f.Add("de-CH,de;q=0.9,en;q=0.8,*;q=0.5")
	f.Add("pt_BR;q=;,,;q=1e9")
	f.Fuzz(func(t *testing.T, wish string) {
		if lang := Language(wish); dictionaries()[lang] == nil {
			t.Errorf("Language(%q) = %q, which there is not", wish, lang)
		}
	})
}

func TestLanguage(t *testing.T) {
	tests := []struct {
		name   string
		wishes []string
		want   string
	}{
		{"none", nil, "en"},
		{"empty", []string{"", ""}, "en"},
		{"plain", []string{"de"}, "de"},
		{"with a region", []string{"de-AT"}, "de"},
		{"as Genesys Cloud writes it", []string{"FR_ca"}, "fr"},
		{"with script and region", []string{"es-Latn-MX"}, "es"},
		{"Norwegian by its old tag", []string{"no-NO"}, "nb"},
		{"the other Norwegian", []string{"nn"}, "nb"},
		{"unknown", []string{"xx"}, "en"},
		{"unknown with a known region", []string{"xx-de"}, "en"},
		{"the second wish", []string{"xx", "es"}, "es"},
		{"the first wish", []string{"nb", "es"}, "nb"},
		{"header", []string{"de-CH,de;q=0.9,en;q=0.8"}, "de"},
		{"header by weight", []string{"en;q=0.4, fr;q=0.9, de;q=0.5"}, "fr"},
		{"header whose first is unknown", []string{"fi, xx;q=0.9, es;q=0.1"}, "es"},
		{"header that refuses", []string{"de;q=0, fr;q=0.1"}, "fr"},
		{"anything", []string{"*"}, "en"},
		{"no weight", []string{"de;q=much, fr"}, "fr"},
		{"not a number", []string{"de;q=NaN, fr"}, "fr"},
		{"a path", []string{"../../etc/passwd"}, "en"},
		{"dashes", []string{strings.Repeat("-", 100_000)}, "en"},
		{"commas", []string{strings.Repeat(",", 100_000) + "de"}, "en"},
		{"long", []string{strings.Repeat("de-", 100_000)}, "en"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Language(tt.wishes...); got != tt.want {
				t.Errorf("Language(%.60q) = %q, want %q", tt.wishes, got, tt.want)
			}
		})
	}
}

func TestDirection(t *testing.T) {
	for lang, want := range map[string]string{"en": "ltr", "nb": "ltr", "ar": "rtl", "he": "rtl"} {
		if got := (view{Lang: lang}).Dir(); got != want {
			t.Errorf("%s is written %s, want %s", lang, got, want)
		}
	}
}

// sided is a style that names a side of the screen instead of the start or the end of a line.
var sided = regexp.MustCompile(`(margin|padding|border|scroll-\w+)-(left|right)|[{;\s](left|right)\s*:|(text-align|float|clear)\s*:\s*(left|right)`)

func TestStylesRunBothWays(t *testing.T) {
	for name, f := range loaded().files {
		if found := sided.FindString(string(f.plain)); strings.HasSuffix(name, ".css") && found != "" {
			t.Errorf("%s: %q names a side: a page from right to left would keep it", name, strings.TrimSpace(found))
		}
	}
}
