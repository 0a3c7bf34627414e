package static

import (
	"strings"
	"testing"
)

func TestRenderEscapesHostileValues(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	var b strings.Builder
	if err := (WidgetPage{Conversation: evil, SignIn: evil, Status: evil, ErrorMessage: evil}).Render(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "<script>alert") {
		t.Errorf("page contains the value unescaped: %s", b.String())
	}
}
