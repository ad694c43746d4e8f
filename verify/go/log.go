package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A witness checks cosignatures, signed notes of type 4: Ed25519 over a time and the checkpoint.
type witness struct {
	name string
	hash uint32
	key  []byte
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }
func (w witness) Verify(text, sig []byte) bool {
	return len(sig) == 72 && ed25519.Verify(w.key, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s",
		binary.BigEndian.Uint64(sig), text)), sig[8:])
}

// checkpoint returns what the log says about itself, if it and every witness named have signed it.
func checkpoint(signed []byte, vkey string, witnesses []string) (tlog.Tree, error) {
	key, err := note.NewVerifier(vkey)
	for i := 0; err == nil; i++ {
		var opened *note.Note
		if opened, err = note.Open(signed, note.VerifierList(key)); err != nil {
			return tlog.Tree{}, fmt.Errorf("the checkpoint and the key %s: %w", key.Name(), err)
		}
		if i == len(witnesses) {
			if origin := strings.SplitN(vkey, "+", 2)[0]; !strings.HasPrefix(opened.Text, origin+"\n") {
				return tlog.Tree{}, fmt.Errorf("the checkpoint is not of %s", origin)
			}
			// Package tlog wants the first line of the Go checksum database.
			return tlog.ParseTree([]byte("go.sum database tree" + opened.Text[strings.Index(opened.Text, "\n"):]))
		}
		parts := strings.SplitN(witnesses[i]+"++", "+", 3)
		public, _ := base64.StdEncoding.DecodeString(strings.TrimSuffix(parts[2], "++"))
		id, _ := strconv.ParseUint(parts[1], 16, 32)
		if len(public) != 33 || public[0] != 4 {
			return tlog.Tree{}, fmt.Errorf("%s is no key of a witness", witnesses[i])
		}
		key = witness{parts[0], uint32(id), public[1:]}
	}
	return tlog.Tree{}, err
}

func verifyLog(dir, vkey string, witnesses []string) error {
	read := func(tile tlog.Tile) ([]byte, error) { // its path here has no height, and another name for entries
		path := strings.Replace("tile"+tile.Path()[len("tile/8"):], "/data/", "/entries/", 1)
		return os.ReadFile(filepath.Join(dir, path))
	}
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := checkpoint(signed, vkey, witnesses)
	if err != nil || tree.N == 0 || tree.N > 1<<32 {
		return fmt.Errorf("a log of %d entries (%v)", tree.N, err)
	}
	hashes := make([]tlog.Hash, 0, 2*tree.N) // of the whole tree, from the entries alone
	reader := tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
		for _, index := range indexes {
			list = append(list, hashes[index])
		}
		return list, nil
	})
	tileOf := func(level int, size, n int64) tlog.Tile {
		tile := tlog.Tile{H: 8, L: level, N: n / 256, W: 256}
		if size-n < 256 {
			tile.W = int(size - n)
		}
		return tile
	}
	for n := int64(0); n < tree.N; {
		tile := tileOf(-1, tree.N, n)
		data, err := read(tile)
		for i := 0; err == nil && i < tile.W; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return fmt.Errorf("entry %d is cut short", n)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			more, _ := tlog.StoredHashes(n, data[2:end], reader)
			hashes, data, n = append(hashes, more...), data[end:], n+1
		}
		if err != nil || len(data) > 0 {
			return fmt.Errorf("bundle %d has %d bytes too many (%v)", tile.N, len(data), err)
		}
	}
	if root, _ := tlog.TreeHash(tree.N, reader); root != tree.Hash {
		return fmt.Errorf("the entries have the root %s, the checkpoint says %s", root, tree.Hash)
	}
	tiles := 0
	for level, size := 0, tree.N; size > 0; level, size = level+1, size/256 {
		for n := int64(0); n < size; n, tiles = n+256, tiles+1 {
			tile := tileOf(level, size, n)
			want, _ := tlog.ReadTileData(tile, reader)
			if found, err := read(tile); !bytes.Equal(found, want) {
				return fmt.Errorf("tile %d of level %d has other hashes (%v)", tile.N, level, err)
			}
		}
	}
	fmt.Printf("OK: %d entries, %d tiles, root %s, %d witnesses\n", tree.N, tiles, tree.Hash, len(witnesses))
	return nil
}
