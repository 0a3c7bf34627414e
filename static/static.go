package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed web
var webFS embed.FS

//go:embed pages
var pagesFS embed.FS

// root is where the apps mount Handler.
const root = "/static/"

// icon keeps a fixed address beside the hashed one: it is written into the
// widget's integration in Genesys Cloud and must outlive a release.
const icon = "icon.svg"

const (
	forEver   = "public, max-age=31536000, immutable"
	shortTime = "public, max-age=3600"
)

// types holds every kind of file in the tree; the host's MIME table differs
// from machine to machine.
var types = map[string]string{
	".js":  "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml",
}

// file is one embedded file, compressed once.
type file struct {
	plain, gzipped []byte
	contentType    string
}

// tree is everything under web/, by path relative to it.
type tree struct {
	hash  string
	files map[string]file
}

var loaded = sync.OnceValue(func() tree {
	web, err := fs.Sub(webFS, "web")
	if err != nil {
		panic(fmt.Sprintf("static: %v", err))
	}
	t, err := load(web)
	if err != nil {
		panic(fmt.Sprintf("static: %v", err))
	}
	return t
})

// load reads, hashes and compresses the tree; fs.WalkDir's order makes the
// hash stable.
func load(web fs.FS) (tree, error) {
	t := tree{files: map[string]file{}}
	sum := sha256.New()
	err := fs.WalkDir(web, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		plain, err := fs.ReadFile(web, name)
		if err != nil {
			return err
		}
		contentType, ok := types[path.Ext(name)]
		if !ok {
			return fmt.Errorf("%s: no content type for this extension", name)
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(plain))
		sum.Write(plain)
		t.files[name] = file{plain, compress(plain), contentType}
		return nil
	})
	t.hash = hex.EncodeToString(sum.Sum(nil))[:16]
	return t, err
}

func compress(plain []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = w.Write(plain)
	_ = w.Close()
	return b.Bytes()
}

// Prefix is the address under which this build's files live, with both
// slashes: "/static/<hash>/".
func Prefix() string { return root + loaded().hash + "/" }

// Handler serves the files under Prefix, unchanging for ever, and the widget's
// tool-bar icon also at /static/icon.svg, for an hour. The apps mount it at
// /static/ without stripping anything. Anything else is 404. It makes ready
// what pages need, so that the first one is not slower than the next.
func Handler() http.Handler {
	loaded()
	templates()
	dictionaries()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		f, cache, ok := find(r.URL.Path)
		if !ok {
			w.Header().Set("Cache-Control", "no-store")
			http.NotFound(w, r)
			return
		}
		f.serve(w, r, cache)
	})
}

func find(url string) (f file, cache string, ok bool) {
	if url == root+icon {
		return loaded().files[icon], shortTime, true
	}
	name, ok := strings.CutPrefix(url, Prefix())
	if !ok {
		return file{}, "", false
	}
	f, ok = loaded().files[name]
	return f, forEver, ok
}

func (f file) serve(w http.ResponseWriter, r *http.Request, cache string) {
	body := f.plain
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", cache)
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		body = f.gzipped
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3): gzip named wins over
// *, and a weight of zero refuses.
func acceptsGzip(headers []string) bool {
	accepted := false
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		coding, weight, _ := strings.Cut(part, ";")
		weight = strings.ReplaceAll(strings.ToLower(weight), " ", "")
		q, err := strconv.ParseFloat(strings.TrimPrefix(weight, "q="), 64)
		yes := weight == "" || (err == nil && q > 0)
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return yes
		case "*":
			accepted = yes
		}
	}
	return accepted
}
