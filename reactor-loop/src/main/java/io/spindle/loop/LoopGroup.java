// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import java.util.List;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/**
 * Several {@link EventLoop}s that share the connections of a server: each connection lives on one loop.
 *
 * <p>Thread-safe. The loops belong to the group: it starts them, and disposing it ends them.
 *
 * @since 0.1.0
 */
public interface LoopGroup extends Disposable {

    /**
     * Starts a group with the defaults. The same as {@code of(EventLoopSpec.of(name), size)}.
     *
     * @param name the prefix of the names of the loops
     * @param size how many loops, at least 1; as many as processors is a good start
     */
    static LoopGroup create(String name, int size) {
        return of(EventLoopSpec.of(name), size);
    }

    /**
     * Starts a group of loops that are alike.
     *
     * @param spec describes each loop; its name is followed by {@code -1}, {@code -2} and so on
     * @param size how many loops, at least 1
     * @return a running group; its caller disposes it
     */
    static LoopGroup of(EventLoopSpec spec, int size) {
        return DefaultLoopGroup.start(spec, size);
    }

    /** Returns the loops, in the order of their numbers; never changes. */
    List<EventLoop> loops();

    /**
     * Returns the loop for the next piece of work: the calling thread's own if it belongs to this group, else one after
     * the other.
     */
    EventLoop next();

    /**
     * Returns this group as Reactor Netty's resources: servers spread their connections over the loops, clients stay
     * on the loop that calls them. Disposing the returned resources does nothing.
     */
    LoopResources resources();

    /** Ends all loops now, see {@link EventLoop#dispose()}. Idempotent. */
    @Override
    void dispose();

    /**
     * Ends each loop when nothing is left to do on it, see {@link EventLoop#disposeGracefully()}.
     *
     * @return completes when all have ended
     */
    Mono<Void> disposeGracefully();

    /** Completes when all loops have ended. */
    Mono<Void> onDispose();
}
