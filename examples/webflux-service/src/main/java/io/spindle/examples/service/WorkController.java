// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.service;

import io.spindle.offload.WorkerPool;
import io.spindle.process.Command;
import io.spindle.spring.Commands;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * {@code GET /primes/N}: how many primes are below N. {@code GET /countdown/N}: a program's output as it comes, as
 * server-sent events. {@code GET /pid}: who answers.
 */
@RestController
class WorkController {

    private static final String COUNTDOWN =
            "i=$1; while [ $i -gt 0 ]; do echo $i; i=$((i-1)); sleep 0.1; done; echo go";
    private static final int MOST = 50_000_000;

    private final WorkerPool workers;
    private final Commands commands;

    WorkController(WorkerPool workers, Commands commands) {
        this.workers = workers;
        this.commands = commands;
    }

    /**
     * Computing would hold up an event loop: a worker does it, a thread or a process of its own, and stops when the client goes
     * away.
     */
    @GetMapping("/primes/{below}")
    Mono<Integer> primes(@PathVariable int below) {
        return workers.run(Primes.class, Math.min(below, MOST));
    }

    /** The program is killed when the client goes away. */
    @GetMapping(path = "/countdown/{from}", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    Flux<String> countdown(@PathVariable int from) {
        Command countdown = commands.of("/bin/sh", "-c", COUNTDOWN, "countdown", String.valueOf(from));
        return countdown.lines();
    }

    @GetMapping("/pid")
    Mono<Long> pid() {
        return Mono.just(ProcessHandle.current().pid());
    }
}
