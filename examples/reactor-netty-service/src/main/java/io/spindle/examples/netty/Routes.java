// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.netty;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.spindle.offload.TaskOptions;
import io.spindle.offload.WorkerPool;
import io.spindle.process.Command;
import java.util.BitSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code PUT /files/NAME}, {@code GET /files}, {@code GET /files/ID}, {@code GET /primes/N}, {@code GET /countdown/N},
 * {@code GET /pid}.
 */
final class Routes implements Consumer<HttpServerRoutes> {

    private static final String COUNTDOWN =
            "i=$1; while [ $i -gt 0 ]; do echo $i; i=$((i-1)); sleep 0.1; done; echo go";
    private static final int MOST = 50_000_000;

    private final JsonMapper json = new JsonMapper();
    private final FileStore store;
    private final Catalog catalog;
    private final WorkerPool workers;

    Routes(FileStore store, Catalog catalog, WorkerPool workers) {
        this.store = store;
        this.catalog = catalog;
        this.workers = workers;
    }

    @Override
    public void accept(HttpServerRoutes routes) {
        routes.put("/files/{name}", this::add)
                .get(
                        "/files",
                        (request, response) -> json(response, catalog.findAll().collectList()))
                .get("/files/{id}", this::content)
                .get("/primes/{below}", this::primes)
                .get("/countdown/{from}", Routes::countdown)
                .get(
                        "/pid",
                        (request, response) -> response.sendString(
                                Mono.just(String.valueOf(ProcessHandle.current().pid()))));
    }

    private Publisher<Void> json(HttpServerResponse response, Mono<?> value) {
        return response.header("Content-Type", "application/json").sendString(value.map(json::writeValueAsString));
    }

    private Publisher<Void> add(HttpServerRequest request, HttpServerResponse response) {
        String name = request.param("name");
        Flux<byte[]> body = request.receive().asByteArray();
        return json(response.status(HttpResponseStatus.CREATED), store.add(name == null ? "" : name, body));
    }

    /** Only what is in the catalog may become a part of a path. */
    private Publisher<Void> content(HttpServerRequest request, HttpServerResponse response) {
        String id = request.param("id");
        return catalog.find(id == null ? "" : id)
                .<Publisher<Void>>map(file -> response.sendByteArray(store.content(file.id())))
                .switchIfEmpty(Mono.fromSupplier(response::sendNotFound))
                .flatMap(Mono::from);
    }

    /** Computing would hold up an event loop: a worker does it. */
    private Publisher<Void> primes(HttpServerRequest request, HttpServerResponse response) {
        int below = Math.min(number(request.param("below")), MOST);
        return response.sendString(
                workers.run(() -> countPrimes(below), TaskOptions.defaults()).map(String::valueOf));
    }

    private static int number(@Nullable String text) {
        return text != null && text.matches("\\d{1,8}") ? Integer.parseInt(text) : 0;
    }

    private static int countPrimes(int below) {
        BitSet composite = new BitSet(below);
        int primes = 0;
        for (int i = 2; i < below && !WorkerPool.isCancelled(); i++) {
            if (!composite.get(i)) {
                primes++;
                for (long multiple = (long) i * i; multiple < below; multiple += i) {
                    composite.set((int) multiple);
                }
            }
        }
        return primes;
    }

    /** The program is killed when the client goes away. */
    private static Publisher<Void> countdown(HttpServerRequest request, HttpServerResponse response) {
        Command countdown =
                Command.of("/bin/sh", "-c", COUNTDOWN, "countdown", String.valueOf(number(request.param("from"))));
        return response.sse().sendString(countdown.lines().map(line -> "data:" + line + "\n\n"));
    }
}
