// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.unix.ServerDomainSocketChannel;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/** Somebody's event loops, on which servers are ours, UDP apart: everything else passes through. */
final class SharedLoopResources implements LoopResources {

    private final LoopResources loops;
    private final DefaultWorkerContext worker;

    SharedLoopResources(LoopResources loops, DefaultWorkerContext worker) {
        this.loops = loops;
        this.worker = worker;
    }

    @Override
    public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup group) {
        boolean isDomain = type == ServerDomainSocketChannel.class;
        if (!isDomain && type != ServerSocketChannel.class) {
            return loops.onChannel(type, group);
        }
        if (!(group instanceof IoEventLoopGroup io) || !io.isCompatible(EpollIoHandle.class)) {
            throw new UnsupportedOperationException("servers of a cluster need event loops on epoll, these are "
                    + group.getClass().getName()
                    + ": leave the native transport on, and other native transports off the class path");
        }
        return type.cast(isDomain ? new SharedDomainChannel(worker) : new SharedServerChannel(worker));
    }

    @Override
    public <C extends Channel> Class<? extends C> onChannelClass(Class<C> type, EventLoopGroup group) {
        return loops.onChannelClass(type, group);
    }

    @Override
    public EventLoopGroup onServer(boolean useNative) {
        EventLoopGroup group = loops.onServer(useNative);
        worker.pulse().watch(group);
        return group;
    }

    @Override
    public EventLoopGroup onServerSelect(boolean useNative) {
        EventLoopGroup group = loops.onServerSelect(useNative);
        worker.pulse().watch(group);
        return group;
    }

    @Override
    public EventLoopGroup onClient(boolean useNative) {
        return loops.onClient(useNative);
    }

    @Override
    public boolean daemon() {
        return loops.daemon();
    }

    @Override
    public void dispose() {
        loops.dispose();
    }

    @Override
    public boolean isDisposed() {
        return loops.isDisposed();
    }

    @Override
    public Mono<Void> disposeLater(Duration quietPeriod, Duration timeout) {
        return loops.disposeLater(quietPeriod, timeout);
    }
}
