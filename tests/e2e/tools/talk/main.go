// SPDX-License-Identifier: Apache-2.0
// Command talk is an ordinary TCP program, as a pod has one: a static Go binary that knows nothing
// of SMC. It says which protocol its sockets have (SO_PROTOCOL: 6 TCP, 256 SMC, 262 MPTCP), so that
// tests see what steering did to it.
//
//	talk serve PORT                                 echoes
//	talk call HOST:PORT COUNT BYTES PAUSE_MS [stay]  COUNT connections (0: for ever), each sends
//	                                                BYTES and reads them back; stay: does not
//	                                                end when it is done
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"
)

func protocol(c syscall.Conn) int {
	raw, err := c.SyscallConn()
	if err != nil {
		log.Fatal(err)
	}
	p := -1
	if err := raw.Control(func(fd uintptr) {
		p, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, 0x26)
	}); err != nil {
		log.Fatal(err)
	}
	return p
}

func serve(port string) {
	l, err := net.Listen("tcp4", ":"+port)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening protocol=%d\n", protocol(l.(*net.TCPListener)))
	for {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer c.Close()
			_, _ = io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c})
		}()
	}
}

func call(address string, n int) error {
	dialer := net.Dialer{Timeout: 20 * time.Second}
	c, err := dialer.DialContext(context.Background(), "tcp4", address)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	sent, got := bytes.Repeat([]byte("smc!"), n/4+1)[:n], make([]byte, n)
	if _, err := c.Write(sent); err != nil {
		return err
	}
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if !bytes.Equal(sent, got) {
		return fmt.Errorf("other bytes came back")
	}
	fmt.Printf("called protocol=%d\n", protocol(c.(*net.TCPConn)))
	return nil
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		log.Fatalf("not a number: %q", s)
	}
	return n
}

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		serve(os.Args[2])
	case (len(os.Args) == 6 || len(os.Args) == 7 && os.Args[6] == "stay") &&
		os.Args[1] == "call":
		count, failed := number(os.Args[3]), 0
		for i := 0; count == 0 || i < count; i++ {
			if err := call(os.Args[2], number(os.Args[4])); err != nil {
				fmt.Printf("failed %v\n", err)
				failed++
			}
			time.Sleep(time.Duration(number(os.Args[5])) * time.Millisecond)
		}
		fmt.Printf("done failed=%d\n", failed)
		for len(os.Args) == 7 {
			time.Sleep(time.Hour)
		}
		if failed > 0 {
			os.Exit(1)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: talk serve PORT | "+
			"call HOST:PORT COUNT BYTES PAUSE_MS [stay]")
		os.Exit(2)
	}
}
