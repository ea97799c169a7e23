// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/** A fixed list of loops, and a Netty group whose children they are. */
final class DefaultLoopGroup implements LoopGroup {

    private final List<DefaultEventLoop> loops;
    private final LoopResources resources;
    private final AtomicInteger turn = new AtomicInteger();

    private DefaultLoopGroup(List<DefaultEventLoop> loops) {
        this.loops = loops;
        EventLoopGroup netty = new NettyGroup(loops);
        this.resources = new GroupResources(
                netty, LoopResources.colocate(netty), loops.get(0).spec().daemon());
    }

    static LoopGroup start(EventLoopSpec spec, int size) {
        Objects.requireNonNull(spec, "spec");
        if (size < 1) {
            throw new IllegalArgumentException("size must be at least 1, was " + size);
        }
        List<DefaultEventLoop> loops = new ArrayList<>(size);
        try {
            for (int number = 1; number <= size; number++) {
                loops.add(new DefaultEventLoop(spec.name(spec.name() + "-" + number), false));
            }
            loops.forEach(DefaultEventLoop::launch);
            return new DefaultLoopGroup(List.copyOf(loops));
        } catch (Throwable error) { // no descriptor or thread left
            loops.forEach(DefaultEventLoop::dispose);
            throw error;
        }
    }

    @Override
    public List<EventLoop> loops() {
        return List.copyOf(loops);
    }

    @Override
    public EventLoop next() {
        EventLoop current = EventLoop.current();
        if (current != null && loops.contains(current)) {
            return current;
        }
        return loops.get(Math.floorMod(turn.getAndIncrement(), loops.size()));
    }

    @Override
    public LoopResources resources() {
        return resources;
    }

    @Override
    public void dispose() {
        loops.forEach(DefaultEventLoop::dispose);
    }

    @Override
    public Mono<Void> disposeGracefully() {
        return Mono.when(loops.stream().map(EventLoop::disposeGracefully).toList());
    }

    @Override
    public Mono<Void> onDispose() {
        return Mono.when(loops.stream().map(EventLoop::onDispose).toList());
    }

    @Override
    public boolean isDisposed() {
        return loops.stream().allMatch(EventLoop::isDisposed);
    }

    /** Netty's group makes its children in its constructor: here it is handed those that are there. */
    private static final class NettyGroup extends MultiThreadIoEventLoopGroup {

        NettyGroup(List<DefaultEventLoop> loops) {
            super(
                    loops.size(),
                    (Executor) null,
                    NettyLoop.transportOf(loops.get(0).spec().nativeTransport()),
                    new ArrayDeque<>(loops));
        }

        @Override
        protected IoEventLoop newChild(Executor executor, IoHandlerFactory unused, Object... args) {
            DefaultEventLoop loop = (DefaultEventLoop) ((Queue<?>) args[0]).remove();
            return loop.nettyLoop();
        }
    }

    private record GroupResources(EventLoopGroup server, EventLoopGroup client, boolean daemon)
            implements LoopResources {

        @Override
        public EventLoopGroup onServer(boolean useNative) {
            return server;
        }

        @Override
        public EventLoopGroup onClient(boolean useNative) {
            return client;
        }

        @Override
        public void dispose() {}

        @Override
        public boolean isDisposed() {
            return server.isShuttingDown();
        }
    }
}
