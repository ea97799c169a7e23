// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients that send one request after the other until they are told to end: every second one on one connection as long as
 * the server likes, the others each on a new connection.
 */
final class Load implements AutoCloseable {

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicBoolean end = new AtomicBoolean();
    private final List<Future<Long>> clients = new ArrayList<>();

    private final AtomicInteger lost = new AtomicInteger();

    private Load() {}

    /** No request may be lost. Returns when each client has had a hundred answers. */
    static Load start(int port, int clients) throws InterruptedException {
        return start(port, clients, new Load(), lost -> {
            throw lost;
        });
    }

    /** The same, of clients that count what is lost and go on. */
    static Load startTolerant(int port, int clients) throws InterruptedException {
        Load load = new Load();
        return start(port, clients, load, lost -> load.lost.incrementAndGet());
    }

    private static Load start(int port, int clients, Load load, Http1.Loss onLoss) throws InterruptedException {
        CountDownLatch warm = new CountDownLatch(clients);
        for (int i = 0; i < clients; i++) {
            int perConnection = i % 2 == 0 ? 1 : Integer.MAX_VALUE;
            load.clients.add(load.threads.submit(() -> Http1.requests(port, perConnection, load.end, warm, onLoss)));
        }
        assertThat(warm.await(Probe.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return load;
    }

    /** How many were not answered so far. */
    int lost() {
        return lost.get();
    }

    /** How many were answered. A request that was not is an exception here, unless the clients are tolerant. */
    long end() throws InterruptedException, ExecutionException, TimeoutException {
        end.set(true);
        long answered = 0;
        for (Future<Long> client : clients) {
            answered += client.get(Probe.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        return answered;
    }

    @Override
    public void close() {
        end.set(true);
        threads.shutdownNow();
        try {
            assertThat(threads.awaitTermination(Probe.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
