// SPDX-License-Identifier: Apache-2.0
package io.spindle.loop;

import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/** One loop as Reactor Netty's resources. The loop belongs to whoever started it, so disposing these does nothing. */
final class SingleLoopResources implements LoopResources {

    private final DefaultEventLoop loop;

    SingleLoopResources(DefaultEventLoop loop) {
        this.loop = loop;
    }

    @Override
    public EventLoopGroup onServer(boolean useNative) {
        return loop.netty();
    }

    @Override
    public boolean daemon() {
        return loop.spec().daemon();
    }

    @Override
    public void dispose() {}

    @Override
    public Mono<Void> disposeLater(Duration quietPeriod, Duration timeout) {
        return Mono.empty();
    }

    @Override
    public boolean isDisposed() {
        return loop.isDisposed();
    }
}
