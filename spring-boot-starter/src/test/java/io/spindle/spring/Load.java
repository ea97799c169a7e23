// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/** Clients that ask without a pause, half of them on connections that stay, and never try again. Closed: they stop. */
final class Load implements AutoCloseable {

    private static final int LANES = 4;

    private final ConnectionProvider kept = ConnectionProvider.create("load", LANES);
    private final AtomicInteger answered = new AtomicInteger();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final Disposable clients;

    private Load(String uri) {
        clients = Flux.range(0, LANES)
                .flatMap(lane -> lane(uri, lane % 2 == 0 ? HttpClient.newConnection() : HttpClient.create(kept)))
                .subscribe();
    }

    static Load on(int port, String path) {
        return new Load("http://127.0.0.1:" + port + path);
    }

    private Flux<String> lane(String uri, HttpClient client) {
        return client.disableRetry(true)
                .get()
                .uri(uri)
                .responseContent()
                .aggregate()
                .asString()
                .doOnNext(answer -> answered.incrementAndGet())
                .onErrorResume(error -> {
                    failures.add(error);
                    return Mono.empty();
                })
                .repeat();
    }

    int answered() {
        return answered.get();
    }

    List<Throwable> failures() {
        return failures;
    }

    @Override
    public void close() {
        clients.dispose();
        kept.dispose();
    }
}
