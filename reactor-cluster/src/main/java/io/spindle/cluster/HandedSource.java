// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import io.netty.channel.unix.FileDescriptor;
import io.spindle.process.ipc.Channel;
import io.spindle.process.ipc.Message;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Connections that the primary hands over, on a channel of their own. It is told how many have closed. */
@SuppressWarnings("FutureReturnValueIgnored") // of close(), which has no outcome that anybody could act on
final class HandedSource implements Source {

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final AdoptingChannel server;
    private final Channel channel;
    private final AtomicInteger closed = new AtomicInteger(); // of which the primary does not know

    HandedSource(AdoptingChannel server, Channel channel) {
        this.server = server;
        this.channel = channel;
    }

    void start() {
        channel.receive().subscribe(this::handed, broken -> server.close(), server::close);
    }

    /** On the loop of the channel. */
    private void handed(Message message) {
        FileDescriptor descriptor = message.takeDescriptor().orElseThrow();
        byte[] client = message.as(byte[].class);
        try {
            server.eventLoop().execute(() -> arrived(descriptor, client));
        } catch (RejectedExecutionException e) {
            close(descriptor);
        }
    }

    private void arrived(FileDescriptor descriptor, byte[] client) {
        if (!server.isOpen()) {
            close(descriptor);
            return;
        }
        io.netty.channel.Channel connection = server.handed(descriptor.intValue(), client);
        connection.closeFuture().addListener(end -> connectionClosed());
        server.arrived(connection);
    }

    private static void close(FileDescriptor descriptor) {
        try {
            descriptor.close();
        } catch (IOException e) {
            log.debug("cannot close a connection that came too late", e);
        }
    }

    /** Any thread. One message is on its way at a time, so that many ends make few messages. */
    private void connectionClosed() {
        if (closed.getAndIncrement() == 0) {
            report();
        }
    }

    private void report() {
        int count = closed.get();
        channel.send(count).subscribe(null, gone -> {}, () -> {
            if (closed.addAndGet(-count) > 0) {
                report();
            }
        });
    }

    @Override
    public void read() {
        // they come when they come; what the server does not want yet waits there
    }

    @Override
    public Mono<Void> leave() {
        return channel.request(Control.LEAVING, "").then();
    }

    @Override
    public void close() {
        channel.dispose();
    }
}
