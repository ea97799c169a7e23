// SPDX-License-Identifier: Apache-2.0
package io.spindle.cluster;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/** The client's address beside its connection: the kernel no longer knows it if the client has gone meanwhile. */
final class HandedAddress {

    private static final int IPV4 = 4;
    private static final int IPV6 = 16;

    private HandedAddress() {}

    /** Nothing of a client on a Unix-domain socket: the kernel knows that one's name, if it has one, even then. */
    static byte[] write(SocketAddress from) {
        if (!(from instanceof InetSocketAddress client)) {
            return new byte[0];
        }
        byte[] address = client.getAddress().getAddress();
        int scope = client.getAddress() instanceof Inet6Address six ? six.getScopeId() : 0;
        ByteBuffer bytes = ByteBuffer.allocate(Short.BYTES + address.length + (scope == 0 ? 0 : Integer.BYTES))
                .putShort((short) client.getPort())
                .put(address);
        return (scope == 0 ? bytes : bytes.putInt(scope)).array();
    }

    static InetSocketAddress read(byte[] bytes) {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        int port = Short.toUnsignedInt(rest.getShort());
        byte[] address = new byte[rest.remaining() < IPV6 ? IPV4 : IPV6];
        rest.get(address);
        try {
            return new InetSocketAddress(
                    rest.hasRemaining()
                            ? Inet6Address.getByAddress(null, address, rest.getInt())
                            : InetAddress.getByAddress(address),
                    port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an address has 4 or 16 bytes, had " + address.length, e);
        }
    }
}
