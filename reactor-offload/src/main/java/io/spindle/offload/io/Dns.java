// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import io.spindle.offload.BlockingPool;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Objects;
import reactor.core.publisher.Mono;

/**
 * Names to addresses by the resolver of the operating system, the hosts file included. Node analogue:
 * {@code dns.lookup}; the addresses keep the order in which the JDK returns them, see the system property
 * {@code java.net.preferIPv6Addresses}, and the JDK caches them ({@code networkaddress.cache.ttl}).
 *
 * <p>A look-up can hang for many seconds and does not react to an interrupt. So by default look-ups use at most half of
 * the threads of {@link BlockingPool#shared()}, as in libuv: a dead name server does not stop files. For all methods:
 * <ul>
 *   <li><b>Signals on</b> the event loop it was subscribed on, else on the pool's thread.
 *   <li><b>Cancel</b> takes a waiting look-up out of the queue; a running one goes on, its result is dropped.
 *   <li><b>Errors</b> with {@link LookupException}, which names the host, and with
 *       {@link io.spindle.offload.TaskRejectedException} if the pool is full.
 * </ul>
 *
 * @since 0.1.0
 */
public final class Dns {

    private Dns() {}

    /** Made when it is first used, so that the shared pool is. */
    private static final class Half {

        private static final BlockingPool POOL = BlockingPool.shared()
                .view("spindle-default-dns", (BlockingPool.shared().threads() + 1) / 2);
    }

    /**
     * Looks up the first address of a host.
     *
     * @param host a name or an address, not empty
     * @return a cold {@code Mono} of an address, never empty
     */
    public static Mono<InetAddress> lookup(String host) {
        return lookup(host, Half.POOL);
    }

    /**
     * The same as {@link #lookup(String)} on a pool of choice, on as many threads as that has.
     *
     * @param host a name or an address, not empty
     * @param pool looks up
     * @return a cold {@code Mono} of an address, never empty
     */
    public static Mono<InetAddress> lookup(String host, BlockingPool pool) {
        return lookupAll(host, pool).map(addresses -> addresses.get(0));
    }

    /**
     * Looks up all addresses of a host. Node analogue: {@code dns.lookup} with the option {@code all}.
     *
     * @param host a name or an address, not empty
     * @return a cold {@code Mono} of an immutable list with at least one address, never empty
     */
    public static Mono<List<InetAddress>> lookupAll(String host) {
        return lookupAll(host, Half.POOL);
    }

    /**
     * The same as {@link #lookupAll(String)} on a pool of choice, on as many threads as that has.
     *
     * @param host a name or an address, not empty
     * @param pool looks up
     * @return a cold {@code Mono} of an immutable list with at least one address, never empty
     */
    public static Mono<List<InetAddress>> lookupAll(String host, BlockingPool pool) {
        if (Objects.requireNonNull(host, "host").isEmpty()) {
            throw new IllegalArgumentException("host must not be empty");
        }
        return pool.call(() -> {
            try {
                return List.of(InetAddress.getAllByName(host));
            } catch (UnknownHostException error) {
                throw new LookupException(host, error);
            }
        });
    }
}
